# SPDX-License-Identifier: Apache-2.0
"""An operator who goes on writing while the cluster is under faults."""

import threading


class Operator(threading.Thread):
    """Writes the weights of roles, each once, and remembers which were acknowledged."""

    def __init__(self, cluster):
        super().__init__(daemon=True)
        self.cluster = cluster
        self.done = threading.Event()
        self.attempted = {}
        self.acknowledged = {}

    def run(self):
        while not self.done.wait(0.25):
            name, weight = f"operator/{len(self.attempted)}", 1 + len(self.attempted)
            self.attempted[name] = weight
            if self.cluster.write_role(name, weight, timeout=2) == 200:
                self.acknowledged[name] = weight

    def stop(self):
        self.done.set()
        self.join()
