"""What is declared as code, in payloads of Immuta's V2 API, held against what a snapshot says is there."""
