"""The judge: rules as data, evaluated in SQL over a sealed snapshot; verdicts go back into the warehouse."""
