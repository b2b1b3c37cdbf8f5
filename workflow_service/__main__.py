"""The program as people start it: the command line, without the search for garbage among modules that stay for good."""

import gc

gc.disable()  # a fifth of the start-up would go into it

from workflow_service.cli import main  # noqa: E402  what comes before makes it quick

gc.freeze()  # nor does any later search look at them again
gc.enable()

if __name__ == "__main__":
    main()
