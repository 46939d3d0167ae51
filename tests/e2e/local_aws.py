"""ministack with the stubs of the rehearsal: started by tests/e2e/ground.py in ministack's own environment."""

import os
import sys
from pathlib import Path


def main() -> None:
    """Put the stubs in their places, and run ministack."""
    from ministack import app

    from tests.e2e import provisioners
    from tests.e2e.aurora import Aurora
    from tests.e2e.stubs import STUBS

    aurora = Aurora(
        Path(os.environ["E2E_POSTGRES"]),
        os.environ["E2E_PYTHON"],
        Path(os.environ["E2E_ROOT"]),
        Path(os.environ["E2E_CERTIFICATE"]),
        {},
    )
    installed = [*provisioners.install(), *aurora.install()]
    listed = {stub.part for stub in STUBS}
    os.environ["PYTHONPATH"] = os.environ["E2E_RUNTIME"]
    assert set(installed) <= listed, f"Not in the list of stubs: {set(installed) - listed}."
    sys.exit(app.main())


if __name__ == "__main__":
    main()
