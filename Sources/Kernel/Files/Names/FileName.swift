import QueryLanguage

/// Names that files may be saved under, whatever their sender called them.
package enum FileName {
    /// In UTF-8: below what file systems take, with room for what browsers add.
    static let longest = 200

    /// What is left of a name when everything that could mislead or harm is taken out: folders, control and invisible characters, characters
    /// that turn the direction of text (`exe.gpj` for `jpg.exe`), characters and names that some systems keep for themselves.
    ///
    /// Looks at code points, since a slash with an accent on it is a slash to every file system.
    package static func cleaned(_ name: String) -> String {
        let last = name.unicodeScalars.split { $0 == "/" || $0 == "\\" }.last ?? []
        var scalars = String.UnicodeScalarView()
        for scalar in last where !isHidden(scalar) { scalars.append(replaced.contains(scalar) ? "_" : scalar) }
        var text = trimmed(normalizedNFC(String(scalars)))
        if isDevice(text) { text = "_\(text)" }
        text = shortened(text)
        return text.isEmpty ? "file" : text
    }

    /// The extension in lower case, without its dot; empty when there is none.
    package static func fileExtension(of name: String) -> String {
        let scalars = name.unicodeScalars
        guard let dot = scalars.lastIndex(of: "."), dot != scalars.startIndex else { return "" }
        return String(scalars[scalars.index(after: dot)...]).lowercased()
    }

    /// The name with an extension of its media type behind it, where it has another one: a picture called `invoice.exe` is saved as
    /// `invoice.exe.png`. Of pictures and PDF, whose kind the bytes alone tell; a name without an extension stays.
    ///
    /// - Parameter name: cleaned already.
    package static func fitting(_ name: String, _ mediaType: String) -> String {
        guard let extensions = extensions[mediaType], let usual = extensions.first else { return name }
        let own = fileExtension(of: name)
        return own.isEmpty || extensions.contains(own) ? name : shortened("\(name).\(usual)")
    }

    /// The extensions of a media type, the usual one first.
    private static let extensions: [String: [String]] = [
        "image/png": ["png", "apng"], "image/jpeg": ["jpg", "jpeg", "jpe", "jfif"], "image/gif": ["gif"], "image/webp": ["webp"],
        "image/bmp": ["bmp", "dib"], "image/tiff": ["tif", "tiff"], "image/avif": ["avif", "avifs"], "image/heic": ["heic", "heif"],
        "application/pdf": ["pdf"],
    ]

    private static let replaced: Set<Unicode.Scalar> = ["<", ">", ":", "\"", "|", "?", "*"]

    private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x00...0x1F, 0x7F...0x9F: true
        // Marks, embeddings, overrides and isolates of direction.
        case 0x061C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true
        // Of no width. The joiners of Persian, Indic scripts and emoji (U+200C, U+200D) stay.
        case 0x00AD, 0x200B, 0x2060...0x2065, 0xFEFF: true
        // Line and paragraph ends, fillers, tags, variation selectors' supplement, noncharacters.
        case 0x2028, 0x2029, 0x115F, 0x1160, 0x3164, 0xFFA0, 0xFFF9...0xFFFB, 0xE0000...0xE0FFF, 0xFDD0...0xFDEF: true
        default: scalar.value & 0xFFFE == 0xFFFE
        }
    }

    /// Without spaces around it, nor dots: a leading one hides a file, trailing ones vanish on Windows.
    private static func trimmed(_ text: String) -> String {
        let isLoose = { (scalar: Unicode.Scalar) in scalar == "." || scalar.properties.isWhitespace }
        var rest = text.unicodeScalars[...].drop(while: isLoose)
        while let last = rest.last, isLoose(last) { rest.removeLast() }
        return String(rest)
    }

    private static func isDevice(_ name: String) -> Bool {
        let stem = String(name.unicodeScalars.prefix { $0 != "." }).uppercased()
        if ["CON", "PRN", "AUX", "NUL"].contains(stem) { return true }
        guard stem.unicodeScalars.count == 4, stem.hasPrefix("COM") || stem.hasPrefix("LPT"), let number = stem.unicodeScalars.last else {
            return false
        }
        // Windows takes the superscripts of Latin-1 for digits there.
        return ("0"..."9").contains(number) || ["\u{B9}", "\u{B2}", "\u{B3}"].contains(number)
    }

    /// At most so many bytes, cut between characters, the extension kept.
    private static func shortened(_ name: String) -> String {
        guard name.utf8.count > longest else { return name }
        let tail = fileExtension(of: name).unicodeScalars.count
        let isShort = (1...20).contains(tail)
        let suffix = isShort ? String(name.unicodeScalars.suffix(tail + 1)) : ""
        var stem = ""
        var size = suffix.utf8.count
        for character in String(name.unicodeScalars.dropLast(isShort ? tail + 1 : 0)) {
            size += String(character).utf8.count
            guard size <= longest else { break }
            stem.append(character)
        }
        return trimmed(stem) + suffix
    }
}
