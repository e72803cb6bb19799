"""The product's settings with the peers of bench.results beside its own addresses."""

from mes.settings import *  # noqa: F403 - settings are made of settings

ROOT_URLCONF = "bench.results_peers"
# The throttle looks at each request as always, and lets all of them through.
DENCHI_STATION_BURST = DENCHI_STATION_RATE = 1_000_000
