import Shared
import Synchronization
import TestSupport
import Testing

@testable import Agent

/// The metadata client and its monitor against a server that is not to be trusted.
@Suite(.timeLimit(.minutes(5))) struct MetadataTests {
    private static func client(_ server: LoopbackServer) -> MetadataClient {
        MetadataClient(host: "127.0.0.1", port: server.port)
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nTRUE and more",
        "HTTP/1.0 200 OK\r\n\r\nTRUE",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nTR\r\n2\r\nUE\r\n0\r\n\r\n",
    ])
    func `an answer is read whichever way it ends`(text: String) async throws {
        let server = try LoopbackServer { _ in .bytes(text) }
        defer { server.shut() }
        let answer = try await Self.client(server).ask(.init(path: "/x"))
        #expect(answer.status == 200)
        #expect(String(decoding: answer.body, as: UTF8.self) == "TRUE")
    }

    @Test(arguments: [
        "", "\0\0\0", "SSH-2.0-OpenSSH_9.2\r\n", "HTTP/2 200\r\n\r\n", "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 9999 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nshort",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\n" + String(repeating: "x", count: 1 << 20),
    ])
    func `garbage is an error`(text: String) async throws {
        let server = try LoopbackServer { _ in .bytes(text) }
        defer { server.shut() }
        await #expect(throws: Failure.self) {
            _ = try await Self.client(server).ask(.init(path: "/x"))
        }
    }

    @Test(arguments: ["", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nTR"])
    func `a server that hangs costs the question's time alone`(text: String) async throws {
        let server = try LoopbackServer { _ in .open(text) }
        defer { server.shut() }
        let question = MetadataClient.Question(path: "/x", timeout: .milliseconds(50))
        await #expect(throws: Failure.self) { _ = try await Self.client(server).ask(question) }
    }

    @Test func `a question is cancelled while the server hangs`() async throws {
        let server = try LoopbackServer { _ in .open("") }
        defer { server.shut() }
        let client = Self.client(server)
        let asking = Task { try await client.ask(.init(path: "/x", timeout: .seconds(3600))) }
        try await Eventually.holds { server.requests.count == 1 }
        asking.cancel()
        await #expect(throws: CancellationError.self) { _ = try await asking.value }
    }

    @Test func `what is no answer is told once, and a notice after it still counts`() async throws {
        let count = Mutex(0)
        let server = try LoopbackServer { _ in
            switch count.withLock({
                $0 += 1
                return $0
            }) {
            case 1: .bytes("garbage")
            case 2: .http(500)
            case 3: .http(200, "MAYBE", ["Metadata-Flavor": "Google"])
            case 4: .http(200, "TRUE")
            default: .http(200, "TRUE\n", ["Metadata-Flavor": "Google"])
            }
        }
        defer { server.shut() }
        try await RunFixture.with(clock: ManualClock()) { fixture in
            let monitor = MetadataMonitor(context: fixture.context, client: Self.client(server))
            await monitor.run([GooglePreemption()])
            #expect(fixture.context.stop.reason == .preempted)
            #expect(server.requests.count == 5)
            await fixture.context.board.written()
            let events = try readFile(fixture.context.job.work.events)
            let text = String(decoding: events, as: UTF8.self)
            #expect(text.split(separator: "\n").count { $0.contains("metadata is not known") } == 1)
        }
    }

    @Test func `a machine that no cloud rents out asks nobody`() {
        #expect(MetadataMonitor.watches(cloud: "local").isEmpty)
        for cloud in ["gcp", "aws", "azure"] {
            #expect(MetadataMonitor.watches(cloud: cloud).count == 1)
        }
    }
}
