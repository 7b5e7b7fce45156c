"""An emulator of Microsoft Purview and Immuta over an invented estate that changes every day."""
