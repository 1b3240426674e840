import Shared
import TestSupport

@testable import Launcher

/// An agent that is no agent: a script that leaves behind what one in a given situation would.
///
/// For what the launcher does with a run; that the real agent leaves the same is tested end to end.
enum FakeAgent {
    enum Behaviour: String {
        /// Trains, syncs, ends; every byte is in the bucket.
        case succeed
        /// Goes on until SIGTERM, then syncs and ends.
        case wait
        /// Is killed without a last sync; some output never reached the bucket.
        case die
        /// Says something on stderr and ends at once.
        case refuse
        /// The bucket holds another content than the manifest says.
        case corrupt
        /// Ignores SIGTERM and leaves a child in a group of its own.
        case cling
    }

    static func write(in scratch: Scratch) throws -> AgentExecutable {
        AgentExecutable(path: try scratch.write(script, to: "fake-agent", mode: 0o755))
    }

    private static let script = #"""
        #!/usr/bin/env python3
        import datetime, json, os, signal, subprocess, sys, time
        assert sys.argv[1:3] == ["run", "--job"], sys.argv
        job = json.load(open(sys.argv[3]))
        how = job["code"]["arguments"][0]
        places, bucket = job["directories"], job["output"][len("file://"):]
        if how == "refuse":
            sys.exit("this agent refuses to work")
        def now():
            return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        def crc32c(data):
            crc = 0xFFFFFFFF
            for byte in data:
                crc ^= byte
                for _ in range(8):
                    crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
            return crc ^ 0xFFFFFFFF
        def put(path, data):
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path + ".tmp", "wb") as file:
                file.write(data)
            os.rename(path + ".tmp", path)
        status = {"version": 1, "run": job["run"], "phase": "train", "attempt": 1, "restarts": 0,
            "started_at": now(), "heartbeat": now(), "warnings": [], "agent_pid": os.getpid(),
            "phases": [{"phase": "train", "state": "running", "started_at": now()}],
            "sync": {"generation": 0, "consecutive_failures": 0, "files": 0, "bytes": 0,
                "partial_files": [], "skipped_files": [], "missing_files": [], "verified": False}}
        def publish():
            data = json.dumps(status).encode()
            put(places["work"] + "/run/status.json", data)
            put(bucket + "/run/status.json", data)
        def sync(final, wrong=False):
            entries = []
            for root, name in ((places["output"], "output"), (places["logs"], "logs")):
                for folder, _, files in os.walk(root):
                    for file in files:
                        path = os.path.join(folder, file)
                        data = open(path, "rb").read()
                        key = name + path[len(root):]
                        put(bucket + "/" + key, data)
                        entries.append({"path": key, "size": len(data), "mtime": 0,
                            "crc32c": crc32c(data) ^ (1 if wrong else 0)})
            put(bucket + "/run/manifest.json", json.dumps({"version": 1, "generation": 1,
                "created_at": now(), "final": final, "files": entries}).encode())
        def end(kind, message):
            status["phases"][0].update(state="succeeded", ended_at=now())
            status.update(phase="finished",
                outcome={"kind": kind, "phase": "train", "exit_status": 0, "message": message})
            publish()
        put(places["output"] + "/epoch 1/mödel.bin", b"weights" * 1000)
        put(places["logs"] + "/train.log", (json.dumps(sorted(os.environ)) + "\n").encode())
        put(places["logs"] + "/secret.log", json.dumps(json.load(open(job["secrets"]))["secrets"]
            if job.get("secrets") else {}).encode())
        if how == "succeed" or how == "corrupt":
            publish()
            sync(True, wrong=how == "corrupt")
            end("succeeded", "the training succeeded")
        elif how == "wait":
            def stop(*_):
                sync(True)
                end("stopped", "somebody asked for it")
                sys.exit(0)
            signal.signal(signal.SIGTERM, stop)
            publish()
            while True:
                time.sleep(0.05)
        elif how == "die":
            publish()
            sync(False)
            put(places["output"] + "/late.bin", b"never synced")
            os.kill(os.getpid(), signal.SIGKILL)
        elif how == "cling":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)",
                places["work"]], process_group=0)
            put(places["work"] + "/child", str(child.pid).encode())
            sync(False)
            publish()
            child.wait()
        """#
}
