import Shared

/// Asks Azure's Scheduled Events, where alone an eviction is announced: the guest gets no SIGTERM.
///
/// An eviction comes 30 s or more ahead, and Microsoft recommends a question each second
/// (learn.microsoft.com/azure/virtual-machines/linux/scheduled-events). An event is never acknowledged
/// (`StartRequests`): that only lets Azure act before its time.
struct AzurePreemption: MetadataWatch {
    static let path = "/metadata/scheduledevents?api-version=2020-07-01"
    static let namePath = "/metadata/instance/compute/name?api-version=2021-02-01&format=text"
    private static let notice: Duration = .seconds(30)
    /// Of a deletion, for which the user can ask to be told 5 to 15 minutes ahead.
    private static let longestDeletionNotice: Duration = .seconds(900)
    private static let margin: Duration = .seconds(4)
    /// The first question turns the service on for this machine, which can take two minutes.
    private static let patienceAtFirst: Duration = .seconds(130)

    let interval: Duration = .seconds(1)
    private var wasAnswered = false
    private var name: String?

    struct Document: Decodable {
        var events: [Event]

        enum CodingKeys: String, CodingKey { case events = "Events" }
    }

    /// What is planned for some machines; `NotBefore` is empty once it has begun.
    struct Event: Decodable {
        var type: String
        var resources: [String]
        var notBefore: String?

        enum CodingKeys: String, CodingKey {
            case type = "EventType"
            case resources = "Resources"
            case notBefore = "NotBefore"
        }
    }

    mutating func look(_ client: MetadataClient, _ context: RunContext) async throws -> Bool {
        guard let notice = try await notice(client, now: context.host.now()) else { return false }
        obey(notice, context)
        return true
    }

    mutating func notice(_ client: MetadataClient, now: Date) async throws -> PreemptionNotice? {
        let answer = try await client.ask(
            .init(
                path: Self.path, headers: ["Metadata": "true"],
                timeout: wasAnswered ? .seconds(5) : Self.patienceAtFirst))
        guard answer.status == 200,
            let document = try? JSONDecoder().decode(Document.self, from: answer.body)
        else { throw Failure("Scheduled Events were answered with status \(answer.status)") }
        wasAnswered = true
        let ends = document.events.filter { ["Preempt", "Terminate"].contains($0.type) }
        guard !ends.isEmpty else { return nil }
        let own = await ownName(client)
        // Machines of one availability set are told of each other's events.
        guard
            let event = ends.first(where: { event in
                own.map { name in
                    event.resources.contains { $0.lowercased() == name.lowercased() }
                } ?? true
            })
        else { return nil }
        return PreemptionNotice(
            allowed: PreemptionNotice.time(
                until: event.notBefore.flatMap(HTTPDate.date), now: now, usual: Self.notice,
                longest: event.type == "Preempt" ? Self.notice : Self.longestDeletionNotice,
                margin: Self.margin))
    }

    /// Nil where it is not told: then every event is this machine's.
    private mutating func ownName(_ client: MetadataClient) async -> String? {
        if let name { return name }
        guard
            let answer = try? await client.ask(
                .init(path: Self.namePath, headers: ["Metadata": "true"], timeout: .seconds(2))),
            answer.status == 200
        else { return nil }
        let told = String(decoding: answer.body, as: UTF8.self)[...].trimmed
        name = told.isEmpty ? nil : told
        return name
    }
}

/// Such as `Mon, 19 Sep 2016 18:29:47 GMT` (RFC 9110, section 5.6.7).
enum HTTPDate {
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// - Returns: nil where `text` is no such date.
    static func date(_ text: String) -> Date? {
        let words = text.split(separator: " ")
        guard words.count == 6, words[5] == "GMT", let day = Int32(words[1]),
            let month = months.firstIndex(of: String(words[2])), let year = Int32(words[3]),
            (1...31).contains(day), (1970...9999).contains(year)
        else { return nil }
        let clock = words[4].split(separator: ":").map { Int32($0) ?? -1 }
        guard clock.count == 3, (0...23).contains(clock[0]), (0...59).contains(clock[1]),
            (0...60).contains(clock[2])
        else { return nil }
        var parts = tm()
        parts.tm_year = year - 1900
        parts.tm_mon = Int32(month)
        parts.tm_mday = day
        (parts.tm_hour, parts.tm_min, parts.tm_sec) = (clock[0], clock[1], clock[2])
        return Date(timeIntervalSince1970: Double(timegm(&parts)))
    }
}
