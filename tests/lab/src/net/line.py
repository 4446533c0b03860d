"""A cable between two interfaces that loses frames and delays the others.

line.py ONE OTHER LOSS_PERCENT JITTER_MS: each frame is lost by chance, or comes out after a random part of the jitter.
Not every kernel has netem.
"""

import heapq
import random
import select
import socket
import sys
import time

ETH_P_ALL = 3

names, loss, jitter = sys.argv[1:3], float(sys.argv[3]) / 100, float(sys.argv[4]) / 1000
ends = []
for name in names:
    end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    end.bind((name, ETH_P_ALL))
    ends.append(end)
print("laid", flush=True)

# Frames on their way: when they come out, a number that tells equal times apart, where, and what.
under_way, number = [], 0
while True:
    pause = max(0, under_way[0][0] - time.monotonic()) if under_way else None
    for end in select.select(ends, [], [], pause)[0]:
        try:
            frame, (_, _, kind, _, _) = end.recvfrom(65536)
        except OSError:
            continue  # The interface went down.
        if kind != socket.PACKET_OUTGOING and random.random() >= loss:
            number += 1
            out = ends[1 - ends.index(end)]
            heapq.heappush(under_way, (time.monotonic() + random.random() * jitter, number, out, frame))
    while under_way and under_way[0][0] <= time.monotonic():
        _, _, out, frame = heapq.heappop(under_way)
        try:
            out.send(frame)
        except OSError:
            pass  # What is sent into a pulled cable is lost.
