import Shared

extension CodeTree {
    /// More than anybody writes: data, or results of another run, lie beside the code.
    private static let muchCode: Int64 = 50_000_000
    private static let mostNames = 8

    /// What a user is told of it before it is packed. Caches are no news.
    func report(to line: LiveLine) {
        for (reason, paths) in toldReasons {
            line.say("  left out of the code\(reason): \(Self.list(paths))")
        }
        if bytes > Self.muchCode {
            let parts = largest(3).map { "\($0.path) \(readable(bytes: $0.bytes))" }
            line.say(
                .warning,
                "the code has \(readable(bytes: bytes)): \(harmless(parts.joined(separator: ", "))); "
                    + "name in .trainignore what the training does not need, and put data into the "
                    + "dataset")
        }
        if !secretLooking.isEmpty {
            line.say(
                .warning,
                "these look like secrets and travel with the code: \(Self.list(secretLooking)); name "
                    + "them in .trainignore, and give values with --env")
        }
        for link in danglingLinks.prefix(5) {
            line.say(
                .warning,
                "the link \(quoted(link)) leads out of the code, "
                    + "so it will lead nowhere on the machine")
        }
    }

    private var toldReasons: [(String, [String])] {
        var told: [(String, [String])] = []
        for part in leftOut {
            let reason: String
            switch part.reason {
            case .useless: continue
            case .ignored(let file): reason = " by \(file)"
            case .collected: reason = ", since train finish made it"
            case .secret: reason = ""
            case .noFile: reason = ", since it is no file"
            }
            if let index = told.firstIndex(where: { $0.0 == reason }) {
                told[index].1.append(part.path)
            } else {
                told.append((reason, [part.path]))
            }
        }
        return told
    }

    private static func list(_ paths: [String]) -> String {
        let shown = paths.prefix(mostNames).map { harmless($0) }.joined(separator: ", ")
        return paths.count > mostNames ? "\(shown) and \(paths.count - mostNames) more" : shown
    }
}
