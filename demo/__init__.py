"""The main job on one machine: Temporal, simulators, a worker and a trading day, watched and audited."""
