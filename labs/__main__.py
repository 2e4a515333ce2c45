import os

from labs.cli import main

main(prog_name=os.environ.get("LABS_PROGRAM") or "labs")
