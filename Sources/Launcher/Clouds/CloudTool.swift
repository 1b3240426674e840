import Shared

/// Asks a cloud's own command line tool, which need not be installed.
struct CloudTool: Sendable {
    let cloud: any RentedCloud
    let credentialsPath: String?
    let runner: any CommandRunner
    var clock: any Clock<Duration> = ContinuousClock()

    /// Longer than any of them takes to say that there is no network.
    private static let timeout: Duration = .seconds(60)
    /// What a listing still shows after this is there: two minutes.
    static let looks = 13
    private static let pause: Duration = .seconds(10)

    /// gcloud and az wait until the machine is off, which takes its operating system minutes.
    private static let endingTimeout: Duration = .seconds(600)

    /// - Throws: `Failure` naming the tool where it is not there or refuses.
    @discardableResult
    func ask(_ arguments: [String], timeout: Duration = Self.timeout) async throws -> String {
        let result = try await run(arguments, timeout: timeout)
        guard result.succeeded else {
            throw Failure("\(cloud.tool): \(lastWords(of: result, timeout: timeout))")
        }
        return result.output
    }

    /// Ends the machine, keeps its disk.
    ///
    /// - Throws: as `ask`.
    func end(_ machine: MadeMachine) async throws {
        try await ask(cloud.ending(of: machine), timeout: Self.endingTimeout)
    }

    func run(
        _ arguments: [String], timeout: Duration = Self.timeout
    ) async throws -> CommandResult {
        var command = Command(cloud.tool, arguments)
        command.environment = cloud.environment(credentialsPath: credentialsPath)
        if credentialsPath != nil {
            command.environment.merge(LoginVariables.unset(cloud.loginVariables)) { told, _ in told
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

    /// Whether the machine runs, as the cloud says.
    func state(of machine: MadeMachine) async -> MachineState {
        do {
            let result = try await run(cloud.stateQuery(of: machine))
            let said = result.output + " " + result.errorOutput
            let words = cloud.stateWords(of: machine)
            if words.gone.contains(where: said.contains) { return .gone }
            if result.succeeded, words.running.contains(where: said.contains) {
                return .running
            }
            return .unknown("\(cloud.tool): \(lastWords(of: result))")
        } catch {
            return .unknown((error as? Failure)?.summary ?? "\(error)")
        }
    }

    /// What is left of a run, each once.
    ///
    /// It counts only once a listing that forgets slowly has shown it again and again.
    ///
    /// - Parameter most: how often such a listing is asked for; once also tells what has just gone.
    /// - Throws: `Failure` where the cloud cannot be asked, or it is not known which account.
    func living(
        in place: CloudPlace, run: String, looks most: Int = Self.looks
    ) async throws -> [Living] {
        let place = try cloud.resolved(place, credentialsPath: credentialsPath)
        var found: [Living] = []
        for query in cloud.livingQueries(in: place) where query.forgets != .late {
            var rest = try await list(query).filter { $0.run == run }
            var looks = 1
            while query.forgets == .soon, !rest.isEmpty, looks < most {
                try await clock.sleep(for: Self.pause)
                rest = try await list(query).filter { $0.run == run }
                looks += 1
            }
            found.add(rest)
        }
        return found
    }

    /// - Throws: `Failure` where the cloud cannot be asked.
    func list(_ query: LivingQuery) async throws -> [Living] {
        let text = try await ask(query.arguments)
        do {
            return try query.read(text)
        } catch {
            throw Failure("\(cloud.tool): its answer does not read as a list")
        }
    }
}
