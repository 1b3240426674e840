import Shared
import Synchronization
import TestSupport
import Testing

@testable import Agent

/// The notices of the three clouds, as their metadata servers send them.
@Suite(.timeLimit(.minutes(5))) struct PreemptionTests {
    private static let now = Date(timeIntervalSince1970: 1_700_000_000)
    private static let google = ["Metadata-Flavor": "Google", "ETag": "a1"]

    /// Follows one watch to its end, against a server of the test's.
    private static func follow(
        _ watch: any MetadataWatch, before: (RunContext) -> Void = { _ in },
        _ answer: @escaping @Sendable (LoopbackServer.Request) -> LoopbackServer.Answer,
        check: (RunContext, LoopbackServer) throws -> Void
    ) async throws {
        let server = try LoopbackServer(answer)
        defer { server.shut() }
        try await RunFixture.with(clock: ManualClock()) { fixture in
            before(fixture.context)
            let client = MetadataClient(host: "127.0.0.1", port: server.port)
            await MetadataMonitor(context: fixture.context, client: client).run([watch])
            try check(fixture.context, server)
        }
    }

    @Test func `Google's server is asked to answer when something changes`() async throws {
        try await Self.follow(GooglePreemption()) { request in
            guard request.headers["metadata-flavor"] == "Google" else { return .http(403) }
            let isChange = request.target.contains("last_etag=a1")
            return .http(200, isChange ? "TRUE" : "FALSE", Self.google)
        } check: { context, server in
            #expect(
                server.requests.map(\.target) == [
                    GooglePreemption.path,
                    GooglePreemption.path + "?wait_for_change=true&timeout_sec=60&last_etag=a1",
                ])
            #expect(context.stop.timeLeft == .seconds(22))
        }
    }

    @Test func `a tag with a line break is not sent back`() async throws {
        let count = Mutex(0)
        try await Self.follow(GooglePreemption()) { _ in
            let number = count.withLock {
                $0 += 1
                return $0
            }
            let headers = ["Metadata-Flavor": "Google", "ETag": "a&b HTTP/1.1"]
            return .http(200, number > 1 ? "TRUE" : "FALSE", headers)
        } check: { _, server in
            #expect(Set(server.requests.map(\.target)) == [GooglePreemption.path])
        }
    }

    @Test func `EC2 is asked with a token, which is got anew when it is over`() async throws {
        let tokens = Mutex(0)
        let looks = Mutex(0)
        try await Self.follow(AmazonPreemption()) { request in
            if request.path == AmazonPreemption.tokenPath {
                guard request.method == "PUT",
                    request.headers["x-aws-ec2-metadata-token-ttl-seconds"] == "21600"
                else { return .http(400) }
                return .http(
                    200,
                    tokens.withLock {
                        $0 += 1
                        return "token-\($0)"
                    })
            }
            let look = looks.withLock {
                $0 += 1
                return $0
            }
            switch (look, request.headers["x-aws-ec2-metadata-token"]) {
            case (1, "token-1"): return .http(404)
            case (_, "token-2"): return .http(200, #"{"action": "stop", "time": "nonsense"}"#)
            default: return .http(401)
            }
        } check: { context, _ in
            #expect(tokens.withLock { $0 } == 2)
            #expect(context.stop.reason == .preempted)
            #expect(context.stop.timeLeft == .seconds(110))
            #expect(context.stop.preemptionNotice?.mustAwaitCloud == true)
        }
    }

    /// What a server answers to every question after the token.
    private static func amazon(_ body: String) async throws -> PreemptionNotice? {
        let server = try LoopbackServer { request in
            .http(200, request.method == "PUT" ? "token" : body)
        }
        defer { server.shut() }
        var watch = AmazonPreemption()
        return try await watch.notice(
            MetadataClient(host: "127.0.0.1", port: server.port), now: now)
    }

    @Test(arguments: [
        ("2023-11-14T22:14:20Z", 50), ("2023-11-14T22:15:20Z", 110),
        // Wrong clocks: the promise counts.
        ("2023-11-14T20:00:00Z", 110), ("2099-01-01T00:00:00Z", 110),
        // Heard late, such as by an agent that was started again.
        ("2023-11-14T22:13:28Z", 4),
    ])
    func `EC2's own time counts where it can be true`(time: String, seconds: Int) async throws {
        let notice = try await Self.amazon(#"{"action": "terminate", "time": "\#(time)"}"#)
        #expect(notice == PreemptionNotice(allowed: .seconds(seconds)))
    }

    @Test(arguments: ["", "{}", "[]", #"{"action": 1}"#, #"{"action": "dance"}"#, "<html>"])
    func `what is not EC2's notice is an error`(body: String) async throws {
        await #expect(throws: Failure.self) { _ = try await Self.amazon(body) }
    }

    private static func azure(_ events: String, name: String? = "run") async throws
        -> PreemptionNotice?
    {
        let server = try LoopbackServer { request in
            guard request.headers["metadata"] == "true" else { return .http(400) }
            if request.path == "/metadata/scheduledevents" {
                return .http(200, #"{"DocumentIncarnation": 3, "Events": [\#(events)]}"#)
            }
            return name.map { .http(200, $0) } ?? .http(404)
        }
        defer { server.shut() }
        var watch = AzurePreemption()
        return try await watch.notice(
            MetadataClient(host: "127.0.0.1", port: server.port), now: now)
    }

    private static func event(
        _ type: String, _ machine: String = "RUN", notBefore: String = ""
    ) -> String {
        """
        {"EventId": "1", "EventStatus": "Scheduled", "EventType": "\(type)",
         "ResourceType": "VirtualMachine", "Resources": ["other", "\(machine)"],
         "NotBefore": "\(notBefore)", "EventSource": "Platform", "DurationInSeconds": -1}
        """
    }

    @Test(arguments: [
        ("Preempt", "", 26), ("Preempt", "Tue, 14 Nov 2023 22:13:42 GMT", 18),
        ("Preempt", "Tue, 14 Nov 2023 23:00:00 GMT", 26),
        ("Terminate", "Tue, 14 Nov 2023 22:18:20 GMT", 296), ("Terminate", "", 26),
    ])
    func `Azure's end is heard`(type: String, notBefore: String, seconds: Int) async throws {
        let event = Self.event(type, notBefore: notBefore)
        let expected = PreemptionNotice(allowed: .seconds(seconds))
        #expect(try await Self.azure(event) == expected)
        // Whoever does not know its own name takes every event for its own.
        #expect(try await Self.azure(event, name: nil) == expected)
    }

    @Test func `Azure's events for others, or of another kind, end nothing`() async throws {
        #expect(try await Self.azure("") == nil)
        #expect(try await Self.azure(Self.event("Preempt", "neighbour")) == nil)
        #expect(try await Self.azure(Self.event("Freeze")) == nil)
        #expect(try await Self.azure(Self.event("Reboot")) == nil)
    }

    @Test(
        arguments: [
            ("Mon, 19 Sep 2016 18:29:47 GMT", 1_474_309_787), ("Mon, 19 Sep 2016 18:29:47", nil),
            ("Mon, 19 Xxx 2016 18:29:47 GMT", nil), ("Mon, 99 Sep 2016 18:29:47 GMT", nil),
            ("Mon, 19 Sep 2016 25:29:47 GMT", nil), ("", nil),
        ] as [(String, Double?)])
    func `the date of HTTP is read`(text: String, seconds: Double?) {
        #expect(HTTPDate.date(text)?.timeIntervalSince1970 == seconds)
    }
}
