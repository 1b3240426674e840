import Shared

/// What the names of a run's two stores have in common: `train` and twelve letters by chance.
///
/// Buckets and storage accounts have one namespace for all the world, where a name made of the run's
/// own would be taken by the next stranger's `classifier/beer`, or beforehand by someone who wants
/// what is uploaded. Words of the user's are no part of it either: Google refuses `google` in a
/// bucket's name (cloud.google.com/storage/docs/buckets#naming). The run's record knows the stores.
struct StoreStem: Sendable, Equatable {
    let text: String

    /// - Parameter random: 64 bits by chance, of which 60 are used.
    init(random: UInt64) {
        let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567")
        text = "train" + String((0..<12).map { alphabet[Int((random >> (5 * $0)) & 31)] })
    }

    /// - Throws: `Failure` where it is none: what comes from a bucket must not name another store.
    init(checking text: String) throws {
        guard text.wholeMatch(of: /train[a-z2-7]{12}/) != nil else {
            throw Failure("\(quoted(text)) is not the name of a run's stores")
        }
        self.text = text
    }
}
