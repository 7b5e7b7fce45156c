"""The directory: who the ids in contacts, roles and owners stand for. Microsoft Graph, or a file instead (`feed`)."""

from pipeline.sources.directory.graph import SOURCE

__all__ = ["SOURCE"]
