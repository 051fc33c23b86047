"""Start, watch, check and stop the deployment: the verbs behind `make`."""
