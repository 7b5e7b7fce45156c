"""An emulator of Microsoft Purview and Immuta over an invented estate that changes every day.

At the top stands what every part shares: the server, signing in, turning pages, the estate of a day and its
people. A folder holds one part: `purview`, `immuta` and `directory` answer as these systems do (modules that
end in `_api` have the routes), `weather` spoils answers on request, `truth` says what a run must find, `lean`
is another estate of any size, for measurements. `registers` writes what its people keep besides: no API tells it.
"""
