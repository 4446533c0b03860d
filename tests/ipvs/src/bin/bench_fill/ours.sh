exec "$BENCH" --ours
