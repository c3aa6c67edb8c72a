/// A photo or a logo that lies in a card.
struct CardFile: Sendable, Hashable {
    var content: [UInt8]
    /// What the card says it is.
    var mediaType: String?

    /// Bytes of a file that a card is written with: with more, the card would be larger than any that is read.
    static let mostBytes = 11 << 20

    enum Reading {
        case content(CardFile)
        /// It should lie in the card, but can't be read.
        case broken
        /// The card has its address alone.
        case elsewhere
    }

    static func read(_ property: VCard.Property) -> Reading {
        let said = property.values(of: mediaTypeParameter).first ?? property.types.lazy.compactMap { types[$0] }.first
        switch property.value {
        case .binary(let bytes): return .content(CardFile(content: bytes, mediaType: said))
        case .text(let text):
            let isBroken = !property.values(of: "ENCODING").isEmpty || text.lowercased().hasPrefix("data:")
            return isBroken ? .broken : .elsewhere
        }
    }

    /// As 4.0 has it where it matters to a reader (RFC 6350, 5.7); the writer makes of it what the version has.
    static let mediaTypeParameter = "MEDIATYPE"

    func property(named name: String) -> VCard.Property {
        VCard.Property(
            name: name, parameters: mediaType.map { [VCard.Parameter(Self.mediaTypeParameter, [$0])] } ?? [], value: .binary(content))
    }

    /// The word that 2.1 and 3.0 have for a media type: `JPEG`.
    static func type(of mediaType: String) -> String {
        types.first { $0.value == mediaType }?.key.uppercased() ?? mediaType.split(separator: "/").last.map { $0.uppercased() } ?? ""
    }

    /// What to call it when it is stored: cards have no names of files.
    static func name(_ field: String, _ mediaType: String) -> String { extensions[mediaType].map { "\(field).\($0)" } ?? field }

    private static let types = [
        "jpeg": "image/jpeg", "png": "image/png", "gif": "image/gif", "bmp": "image/bmp", "tiff": "image/tiff", "webp": "image/webp",
    ]

    private static let extensions = [
        "image/jpeg": "jpg", "image/png": "png", "image/gif": "gif", "image/bmp": "bmp", "image/tiff": "tiff", "image/webp": "webp",
        "image/svg+xml": "svg", "image/heic": "heic", "image/avif": "avif",
    ]
}
