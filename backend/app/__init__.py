"""The program `hotline`: command line, processes and the wiring of all parts."""
