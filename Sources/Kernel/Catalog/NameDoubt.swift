import Manifests
import QueryLanguage

/// Names in a composition with errors that it doesn't know, and that may be right once the errors are mended.
struct NameDoubt {
    private let partial: PartialComposition

    init(_ partial: PartialComposition) { self.partial = partial }

    func covers(_ name: String, on type: RecordType) -> Bool {
        partial.mayHave(name, of: TypeName(module: type.module, type: type.key))
    }

    /// Whether what is wrong with an expression over records of a type may be such a name.
    func covers(_ error: QueryError, in text: String, on type: RecordType) -> Bool {
        guard error.code == .unknownName else { return false }
        let bytes = Array(text.utf8)
        let start = error.column - 1
        guard bytes.indices.contains(start) else { return true }
        let name = bytes[start...].prefix(while: Self.isNamePart)
        guard start > 0, bytes[start - 1] == UInt8(ascii: "/") else { return covers(String(decoding: name, as: UTF8.self), on: type) }
        // Behind a link stands a name of another type; the parts of an address are always the same.
        let head = bytes[..<(start - 1)].reversed().prefix(while: Self.isNamePart).reversed()
        if case .address? = type.field(String(decoding: head, as: UTF8.self))?.type { return false }
        return true
    }

    private static func isNamePart(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
