"""The same flows, but with save, submit and audit as calls of their own: for accounts whose bills need the steps.

Run as a module it is a worker process on these flows.
"""

from __future__ import annotations

import worker
from connectors.jushuitan.streams import MODELS
from flows.catalogue import Catalogue, Scheme, load_catalogue


def stepwise() -> Catalogue:
    """Every flow with `submit_and_audit` off."""
    return Catalogue({scheme.flow.flow: _stepwise(scheme) for scheme in load_catalogue(MODELS)})


def _stepwise(scheme: Scheme) -> Scheme:
    target = scheme.flow.target.model_copy(update={"submit_and_audit": False})
    flow = scheme.flow.model_copy(update={"target": target})
    return Scheme(flow=flow, form=scheme.form, model=scheme.model, file=scheme.file)


if __name__ == "__main__":
    worker.catalogue = stepwise
    worker.main()
