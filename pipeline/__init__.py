"""Pass Muster: compliance auditing for data estates governed by Microsoft Purview and Immuta."""
