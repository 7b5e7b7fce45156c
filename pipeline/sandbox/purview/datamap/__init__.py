"""The Data Map: entities, their types, search, lineage and the classic glossary."""
