import Shared

/// One line of what `terraform apply -json` and its kin print.
///
/// Terraform's documentation, "Machine-Readable UI": new fields and types may come with any version,
/// so everything but the type is optional and what is unknown is skipped.
struct TerraformEvent: Decodable, Sendable, Equatable {
    struct Resource: Decodable, Sendable, Equatable {
        var addr: String
    }

    struct Hook: Decodable, Sendable, Equatable {
        var resource: Resource?
        /// `create`, `update`, `delete`, `read`.
        var action: String?
    }

    struct Diagnostic: Decodable, Sendable, Equatable {
        /// `error` or `warning`.
        var severity: String
        var summary: String
        var detail: String?
        /// The resource it is about.
        var address: String?

        var text: String {
            [summary, detail ?? ""].filter { !$0.isEmpty }.joined(separator: "\n")
        }
    }

    struct Changes: Decodable, Sendable, Equatable {
        var add: Int
        var change: Int
        var remove: Int
        var operation: String?
    }

    var type: String
    var hook: Hook?
    var diagnostic: Diagnostic?
    var changes: Changes?

    /// nil for a line that is no event.
    init?(line: some Sequence<UInt8>) {
        guard let event = try? JSONDecoder().decode(Self.self, from: Data(line)) else { return nil }
        self = event
    }
}
