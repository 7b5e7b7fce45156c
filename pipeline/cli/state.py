"""What every command gets: the configuration in force and the folder of results."""

from dataclasses import dataclass

from pipeline.config import Config
from pipeline.warehouse.home import Home


@dataclass(frozen=True)
class State:
    """The state of one command (`ctx.obj`)."""

    config: Config
    home: Home
