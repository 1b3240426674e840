/// One machine of a run, counted from 0, which is torchrun's node rank; a lone machine is node 0.
package struct NodeID: Codable, Sendable, Hashable {
    /// More machines than any cluster a person starts; a rank beyond it is a mistake.
    package static let ranks = 0...4095
    package static let first = NodeID(checked: 0)

    package let rank: Int

    private init(checked rank: Int) { self.rank = rank }

    /// nil for a rank that no machine has.
    package init?(rank: Int) {
        guard Self.ranks.contains(rank) else { return nil }
        self.rank = rank
    }

    /// A plain number in JSON.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let rank = try container.decode(Int.self)
        guard Self.ranks.contains(rank) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "\(rank) is no rank of a machine")
        }
        self.rank = rank
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rank)
    }
}
