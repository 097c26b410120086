#!/bin/sh
# A Python without Lambda's client, as far as a worker can see.
echo "$0: No module named awslambdaric" >&2
exit 1
