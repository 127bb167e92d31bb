"""The Python runtime's main module: runs the runtime interface client on the handler that the environment names."""

import os
import sys

# The function's modules come first, not those beside this file.
sys.path[0] = os.environ.get("LAMBDA_TASK_ROOT", os.getcwd())

from awslambdaric.__main__ import main  # noqa: E402

main([sys.argv[0], os.environ["_HANDLER"]])
