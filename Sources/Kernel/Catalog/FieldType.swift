package import Manifests
package import QueryLanguage

/// What a field holds, with the limits its manifest declares.
package indirect enum FieldType: Sendable, Hashable {
    case text(TextRules)
    case longText(TextRules)
    case integer(ClosedBounds<Int64>)
    case decimal(precision: Int, scale: Int, ClosedBounds<DecimalNumber>)
    case money(ClosedBounds<DecimalNumber>)
    case boolean
    case date(ClosedBounds<CalendarDate>)
    case dateTime(ClosedBounds<DateTime>)
    case duration(ClosedBounds<DayTimeDuration>)
    case choice([Choice])
    case multiChoice([Choice])
    case emails(maxCount: Int)
    case phones(maxCount: Int)
    case url(TextRules)
    case address
    case tags(maxCount: Int)
    case link(Link)
    case links(Links)
    case linkAny(targets: [String])
    case user
    case file
    case json
    case autoNumber(AutoNumberPattern)
}

/// Both ends belong to the range; `nil` leaves an end open.
package struct ClosedBounds<Bound: Sendable & Hashable>: Sendable, Hashable {
    package var lower: Bound?
    package var upper: Bound?

    package init(lower: Bound? = nil, upper: Bound? = nil) {
        self.lower = lower
        self.upper = upper
    }
}

/// Limits of a text field. Lengths count Unicode code points of the NFC form.
package struct TextRules: Sendable, Hashable {
    package var minLength: Int?
    package var maxLength: Int?
    /// A regular expression the whole value must match.
    package var pattern: TextPattern?
    /// BCP 47 tag of a language-aware order, which only SQL knows and which has an index of its own.
    package var sortLanguage: String?

    package init(minLength: Int? = nil, maxLength: Int? = nil, pattern: TextPattern? = nil, sortLanguage: String? = nil) {
        self.minLength = minLength
        self.maxLength = maxLength
        self.pattern = pattern
        self.sortLanguage = sortLanguage
    }
}

/// One allowed value of a choice. Code relies on `category`, people read `label`.
package struct Choice: Sendable, Hashable {
    package var key: String
    package var label: String
    package var color: String?
    package var category: String?
    /// Kept on records that have it, refused on new writes.
    package var retired: Bool

    package init(key: String, label: String, color: String? = nil, category: String? = nil, retired: Bool = false) {
        self.key = key
        self.label = label
        self.color = color
        self.category = category
        self.retired = retired
    }
}

/// A link to one record: a foreign key column `<field>_id`, seen from the other side as the collection `inverse`.
package struct Link: Sendable, Hashable {
    /// Full id of the target type, such as `contacts.organisation`.
    package var target: String
    package var inverse: String?
    package var onDelete: DeletePolicy
    /// Whether following the link never leads back to where one came from; its target is its own type then.
    package var isAcyclic: Bool

    package init(target: String, inverse: String?, onDelete: DeletePolicy, isAcyclic: Bool = false) {
        self.target = target
        self.inverse = inverse
        self.onDelete = onDelete
        self.isAcyclic = isAcyclic
    }
}

/// A link to many records: a table `<type>__<field>` with `source_id`, `target_id`, `is_primary` and its own columns.
package struct Links: Sendable, Hashable {
    package var target: String
    package var inverse: String?
    /// Key of the single link that always points where the row flagged primary points.
    package var primary: String?
    /// Simple fields on the link itself: a person's role in an organisation.
    package var columns: [Field]

    package init(target: String, inverse: String?, primary: String?, columns: [Field]) {
        self.target = target
        self.inverse = inverse
        self.primary = primary
        self.columns = columns
    }
}
