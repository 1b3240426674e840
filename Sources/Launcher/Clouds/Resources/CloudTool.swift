import Shared

/// Runs a cloud's own command line tool, which need not be installed.
struct CloudTool: Sendable {
    let provider: any CloudProvider
    let credentialsPath: String?
    let runner: any CommandRunner
    var clock: any Clock<Duration> = ContinuousClock()

    /// Longer than any of the tools takes to report a missing network.
    private static let timeout: Duration = .seconds(60)
    /// How often a slow listing is asked: a resource that is still listed after two minutes exists.
    static let listings = 13
    private static let pause: Duration = .seconds(10)

    /// gcloud and az wait until the machine is off, which takes its operating system minutes.
    private static let stopTimeout: Duration = .seconds(600)

    /// - Throws: `Failure` that names the tool if it is not installed or reports an error.
    @discardableResult
    func ask(_ arguments: [String], timeout: Duration = Self.timeout) async throws -> String {
        let result = try await run(arguments, timeout: timeout)
        guard result.succeeded else {
            throw Failure("\(provider.tool): \(lastWords(of: result, timeout: timeout))")
        }
        return result.output
    }

    /// Stops the machine, keeps its disk.
    ///
    /// - Throws: as `ask`.
    func stop(_ machine: Machine) async throws {
        try await ask(provider.stopArguments(of: machine), timeout: Self.stopTimeout)
    }

    func run(
        _ arguments: [String], timeout: Duration = Self.timeout
    ) async throws -> CommandResult {
        var command = Command(provider.tool, arguments)
        command.environment = provider.environment(credentialsPath: credentialsPath)
        if credentialsPath != nil {
            command.environment.merge(LoginVariables.unset(provider.loginVariables)) { own, _ in own
            }
        }
        return try await runner.run(command, timeout: timeout)
    }

    private func lastWords(
        of result: CommandResult, timeout: Duration = Self.timeout
    ) -> String {
        if result.timedOut { return "no answer within \(TimeSpan(seconds: timeout.seconds))" }
        return harmless(result.lastLines(1))
    }

    /// Whether the machine runs, according to the cloud.
    func state(of machine: Machine) async -> MachineState {
        do {
            let result = try await run(provider.stateQuery(of: machine))
            let said = result.output + " " + result.errorOutput
            let words = provider.stateWords(of: machine)
            if words.gone.contains(where: said.contains) { return .gone }
            if result.succeeded, words.running.contains(where: said.contains) {
                return .running
            }
            return .unknown("\(provider.tool): \(lastWords(of: result))")
        } catch {
            return .unknown((error as? Failure)?.summary ?? "\(error)")
        }
    }

    /// The resources of one run, each once.
    ///
    /// A listing that shows deleted resources for minutes is asked again until it is empty or the
    /// limit is reached.
    ///
    /// - Parameter limit: how often such a listing is asked; once also finds what has just gone.
    /// - Throws: `Failure` if the cloud has no listing, cannot be asked, or the account is unknown.
    func resources(
        of run: String, in place: CloudPlace, listings limit: Int = Self.listings
    ) async throws -> [LabelledResource] {
        guard let listing = provider as? any ResourceListing else {
            throw Failure("resources on \(provider.name) cannot be listed")
        }
        let place = try provider.resolved(place, credentialsPath: credentialsPath)
        var found: [LabelledResource] = []
        for query in listing.resourceQueries(in: place) where query.lag != .long {
            var rest = try await list(query).filter { $0.run == run }
            var count = 1
            while query.lag == .minutes, !rest.isEmpty, count < limit {
                try await clock.sleep(for: Self.pause)
                rest = try await list(query).filter { $0.run == run }
                count += 1
            }
            found.add(rest)
        }
        return found
    }

    /// - Throws: `Failure` if the cloud cannot be asked.
    func list(_ query: ResourceQuery) async throws -> [LabelledResource] {
        let text = try await ask(query.arguments)
        do {
            return try query.read(text)
        } catch {
            throw Failure("\(provider.tool): its answer is not the expected list")
        }
    }
}
