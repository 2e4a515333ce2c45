"""How hints became the action of a mail: the graph behind ``lab.decision``."""
