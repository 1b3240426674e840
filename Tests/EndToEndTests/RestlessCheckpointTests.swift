import Shared
import TestSupport
import Testing

/// A single checkpoint file that is rewritten more often than the agent syncs.
@Suite(.timeLimit(.minutes(10))) struct RestlessCheckpointTests {
    /// Open for three quarters of the time, so that most syncs do not find it at rest.
    private static let main = """
        import os, pathlib, signal, time
        import hashlib
        path = pathlib.Path(os.environ["AI_TRAINING_OUTPUT_DIRECTORY"]) / "ckpt.pt"
        for number in range(1, 8):
            body = bytes([number]) * 4_000_000
            with open(path, "wb") as file:
                head = b"%d %s\\n" % (number, hashlib.sha256(body).hexdigest().encode())
                file.write(head)
                for part in range(20):
                    file.write(body[part * 200_000:(part + 1) * 200_000])
                    file.flush()
                    time.sleep(0.18)
                file.write(b"\\n" + head)
            time.sleep(1.2)
        time.sleep(1)
        with open(path, "wb") as file:
            file.write(b"8")
            file.flush()
            os.kill(os.getpid(), signal.SIGKILL)

        """

    /// The number of a whole checkpoint; nil for any other content.
    private static func number(_ data: Data) -> Int? {
        guard let end = data.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        let head = data[data.startIndex...end]
        let body = data.dropFirst(head.count).dropLast(head.count + 1)
        let words = String(decoding: head.dropLast(), as: UTF8.self).split(separator: " ")
        guard data.suffix(head.count) == head, body.count == 4_000_000, words.count == 2,
            SHA256.hex(Array(body)) == words[1]
        else { return nil }
        return Int(words[0])
    }

    @Test func `a checkpoint rewritten all the time is up whole within two intervals`()
        async throws
    {
        try await AgentFixture.with(main: Self.main, change: { $0.sync.intervalSeconds = 5 }) {
            fixture in
            let agent = try fixture.start()
            var seen: [Int] = []
            var torn = 0
            var named: Set<String> = []
            try await Eventually.holds {
                // The agent replaces objects by renaming, so a look finds one version.
                if let data = try? readFile(fixture.bucket + "/output/ckpt.pt", limit: 8 << 20) {
                    let number = Self.number(data)
                    if number == nil { torn += 1 }
                    if let number, number != seen.last { seen.append(number) }
                }
                named.formUnion(fixture.machineStatus()?.sync.waitingFiles ?? [])
                return fixture.machineStatus()?.outcome != nil
            }
            _ = await agent.wait()
            try fixture.expectEnded(.failed)
            #expect(torn == 0)
            // A file is named once no version of it could be taken for two intervals.
            #expect(named == [])
            #expect(seen.count >= 4 && seen == seen.sorted(), "\(seen)")
            let last = try readFile(fixture.bucket + "/output/ckpt.pt", limit: 8 << 20)
            #expect(Self.number(last) == 7, "its writer was killed in the next")
            #expect(fixture.inBucket("output/ckpt.pt.partial") == "8")
        }
    }
}
