"""The kinds of databases that tests run on: whatever uses `database` runs on each, if nothing here says otherwise.

Where the kind makes little difference and a test takes long, one kind is enough in the short run (`make test`). The
long one (`make faults`, by its FAULTS_KILLS) has them all.
"""

import os

import pytest

IS_LONG = "FAULTS_KILLS" in os.environ
DATABASES = ("sqlite", pytest.param("postgresql", marks=pytest.mark.slow))
on_sqlite = pytest.mark.parametrize("database_url", DATABASES if IS_LONG else DATABASES[:1], indirect=True)
on_postgresql = pytest.mark.parametrize("database_url", DATABASES if IS_LONG else DATABASES[1:], indirect=True)
