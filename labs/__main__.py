from labs.cli import main

main(prog_name="labs")
