/// The type of a field, with the properties that only this type has.
public enum FieldKind: Sendable, Hashable {
    /// Text that is shown on one line.
    case text(TextOptions)
    /// Text of any length, in Markdown.
    case longText(LongTextOptions)
    /// A whole number of 64 bits.
    case integer(IntegerOptions)
    /// A decimal number of exact digits.
    case decimal(DecimalOptions)
    /// An amount in a currency.
    case money(MoneyOptions)
    /// True or false.
    case boolean
    /// A day.
    case date(DateOptions)
    /// A moment.
    case dateTime(DateTimeOptions)
    /// A length of time, of days and shorter units (`Edm.Duration`).
    case duration(DurationOptions)
    /// One of a list of choices.
    case choice(ChoiceOptions)
    /// Several of a list of choices.
    case multiChoice(ChoiceOptions)
    /// Mail addresses, typed, one of them primary.
    case emails(ChannelOptions)
    /// Phone numbers, typed, one of them primary.
    case phones(ChannelOptions)
    /// A web address.
    case url(TextOptions)
    /// A postal address.
    case address
    /// Free words.
    case tags(TagsOptions)
    /// A link to one record of one type.
    case link(LinkOptions)
    /// Links to many records of one type, with columns on the link.
    case links(LinksOptions)
    /// A link to one record of one of several types.
    case linkAny(LinkAnyOptions)
    /// A user of the system.
    case user
    /// A stored file.
    case file
    /// Any JSON value.
    case json
    /// A number made by the store.
    case autoNumber(AutoNumberOptions)
}

extension FieldKind {
    /// The value of the key `type` for this kind: `text`, `link_any`.
    public var keyword: String {
        switch self {
        case .text: "text"
        case .longText: "long_text"
        case .integer: "integer"
        case .decimal: "decimal"
        case .money: "money"
        case .boolean: "boolean"
        case .date: "date"
        case .dateTime: "date_time"
        case .duration: "duration"
        case .choice: "choice"
        case .multiChoice: "multi_choice"
        case .emails: "emails"
        case .phones: "phones"
        case .url: "url"
        case .address: "address"
        case .tags: "tags"
        case .link: "link"
        case .links: "links"
        case .linkAny: "link_any"
        case .user: "user"
        case .file: "file"
        case .json: "json"
        case .autoNumber: "auto_number"
        }
    }
}
