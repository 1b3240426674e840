import Shared

/// Asks EC2's metadata for `spot/instance-action`, which is absent until two minutes before the stop.
///
/// Amazon recommends every five seconds; IMDSv2 wants a token in each question
/// (docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html).
struct AmazonPreemption: MetadataWatch {
    static let path = "/latest/meta-data/spot/instance-action"
    static let tokenPath = "/latest/api/token"
    private static let notice: Duration = .seconds(120)
    /// A poll comes up to 5 s late, and the run's last words go up after the final sync.
    private static let margin: Duration = .seconds(10)
    /// Of a token, in seconds; the longest that is allowed.
    private static let tokenLife = 21600

    let interval: Duration = .seconds(5)
    private var token: String?

    /// The document, as far as it matters; `action` is stop, terminate or hibernate.
    struct Action: Decodable {
        var action: String
        var time: String?
    }

    mutating func look(_ client: MetadataClient, _ context: RunContext) async throws -> Bool {
        guard let notice = try await notice(client, now: context.host.now()) else { return false }
        obey(notice, context)
        return true
    }

    mutating func notice(_ client: MetadataClient, now: Date) async throws -> PreemptionNotice? {
        let token = try await currentToken(client)
        let answer = try await client.ask(
            .init(path: Self.path, headers: ["X-aws-ec2-metadata-token": token]))
        switch answer.status {
        case 404: return nil
        case 200: break
        case let status:
            // 401: the token is over, or of the machine before a stop and start.
            self.token = nil
            throw Failure("\(Self.path) was answered with status \(status)")
        }
        guard let action = try? JSONDecoder().decode(Action.self, from: answer.body),
            ["stop", "terminate", "hibernate"].contains(action.action)
        else { throw Failure("\(Self.path) is not a notice of EC2's") }
        let end = action.time.flatMap { try? Date($0, strategy: .iso8601) }
        return PreemptionNotice(
            allowed: PreemptionNotice.time(
                until: end, now: now, usual: Self.notice, longest: Self.notice,
                margin: Self.margin),
            // A machine that powers itself off meanwhile has its request disabled, and stays off.
            mustAwaitCloud: action.action == "stop")
    }

    private mutating func currentToken(_ client: MetadataClient) async throws -> String {
        if let token { return token }
        let answer = try await client.ask(
            .init(
                method: "PUT", path: Self.tokenPath,
                headers: ["X-aws-ec2-metadata-token-ttl-seconds": String(Self.tokenLife)]))
        let new = String(decoding: answer.body, as: UTF8.self)[...].trimmed
        // It goes into a header: printable ASCII alone.
        guard answer.status == 200, (1...512).contains(new.utf8.count),
            new.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw Failure("\(Self.tokenPath) was answered with status \(answer.status)") }
        token = new
        return new
    }
}
