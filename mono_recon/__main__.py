"""``python -m mono_recon``."""

from mono_recon.cli import main

if __name__ == "__main__":
    main()
