/// A place where text from outside enters Tessera.
protocol Front {
    /// The front's name on the command line and its folder in the corpus.
    static var name: String { get }
    /// Words of its grammar, which mutations put in whole.
    static var dictionary: [String] { get }
    /// The longest input that is made; files of the corpus may not be longer either.
    static var longestInput: Int { get }

    /// Feeds one input. What breaks a promise comes back as `finding`; what ends the process is noticed by the parent.
    mutating func run(_ input: [UInt8]) -> Outcome
}

/// What came of one input.
struct Outcome {
    /// The kind of answer, without the input's own words: an input whose answer is of a new kind is kept and mutated further.
    var shape: String
    /// A promise that was broken, in a sentence; nil when all is well.
    var finding: String?

    init(_ shape: String, finding: String? = nil) {
        self.shape = shape
        self.finding = finding
    }
}

extension String {
    /// The message with quoted words, digits and anything beyond 70 characters left out.
    var withoutDetails: String {
        var shape = ""
        var closing: Character?
        for character in self.prefix(600) {
            if let end = closing {
                if character == end { closing = nil }
                continue
            }
            switch character {
            case "'", "\"", "“", "`":
                closing = character == "“" ? "”" : character
                shape.append("_")
            case "0"..."9": if shape.last != "#" { shape.append("#") }
            default: shape.append(character)
            }
        }
        return String(shape.prefix(70))
    }
}
