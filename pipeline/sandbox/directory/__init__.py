"""The company's Entra directory, and Microsoft Graph that answers for it."""
