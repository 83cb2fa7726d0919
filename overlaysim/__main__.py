"""``python -m overlaysim``."""

import sys

from overlaysim.cli.main import main

sys.exit(main())
