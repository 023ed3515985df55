"""Runs a command in a folder. As soon as standard input closes, ends it with all that it started.

    python guard.py keep|remove FOLDER [COMMAND ARGUMENT …]

`remove` takes the folder away at the end. Without a command it only waits for that. Whoever started this holds the other
end of the pipe: however that process ends, killed or not, nothing stays behind.
"""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time


def run(folder, command):
    child = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, start_new_session=True)

    def end():
        sys.stdin.buffer.read()
        os.killpg(child.pid, signal.SIGKILL)

    threading.Thread(target=end, daemon=True).start()
    return child.wait() & 0xFF


def remove(folder):
    # What else runs in the folder ends at the same moment, and may still write there.
    for _ in range(100):
        shutil.rmtree(folder, ignore_errors=True)
        if not os.path.exists(folder):
            return
        time.sleep(0.1)


def main(fate, folder, command):
    # An interrupt on the terminal reaches this process too, which still has to tidy up. The command must not inherit
    # that signals are ignored, as it would: a handler is not inherited.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    status = run(folder, command) if command else len(sys.stdin.buffer.read())
    if fate == "remove":
        remove(folder)
    # Leave at once: the thread may still be reading, and nothing here needs to be put in order.
    os._exit(status)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
