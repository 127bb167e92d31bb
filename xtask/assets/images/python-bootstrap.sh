#!/bin/sh
# Runs the Python runtime interface client. Modules are found where AWS documents them: in the function, in the
# layers' python directories, in the runtime.
export AWS_EXECUTION_ENV="${AWS_EXECUTION_ENV:-AWS_Lambda_python3.12}"
layers=/opt/python/lib/python3.12/site-packages:/opt/python/lib/python3.11/site-packages:/opt/python
export PYTHONPATH="${PYTHONPATH:+$PYTHONPATH:}$layers:/var/runtime"
exec ${AWS_LAMBDA_EXEC_WRAPPER:+"$AWS_LAMBDA_EXEC_WRAPPER"} /var/lang/bin/python3.12 /var/runtime/bootstrap.py
