"""The whole plant on one machine: servers, simulator, gateway, workers and web, as one command runs them."""
