/// What is constant of one store's tool, whatever is moved with it.
package struct StoreTraits: Sendable {
    /// The program behind the store, as a person knows it.
    package var tool: String
    /// A killed download can leave half a file under its final name.
    package var writesInPlace = false
    /// In bytes, the longest file name that a download of a tree can bring: tools write beside the name
    /// first, under one that is longer, and no file system takes more than 255.
    package var longestTreeName = 255
    /// How listed MD5s are computed; nil if the listing has CRC32C, which is preferred.
    package var listedMD5: MD5Tag.Kind?
    /// The number of objects that one delete command takes.
    package var mostDeletions = Int.max
    /// The same store through a tool that starts in a tenth of the time and is faster with many
    /// files: for downloads and single objects. Nil if there is none, or the user chose the tool.
    package var faster: (any ObjectStore)?

    package init(tool: String) { self.tool = tool }
}
