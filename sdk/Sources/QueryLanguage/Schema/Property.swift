/// A property or link of an entity, or a member of a structured value, as the type checker sees it.
public struct Property: Sendable, Hashable {
    /// The OData name.
    public let name: String
    /// The type.
    public let type: PropertyType
    /// Whether the value may be null.
    public let isNullable: Bool
    /// Whether conditions, sorting and computations may use it. Where not, `$select` still may.
    public let isFilterable: Bool
    /// For an amount of money: the sibling property that holds the currency. Amounts of different currency properties
    /// can't be added or compared with one another.
    public let currencyProperty: String?
    /// For a mail address or phone number: where the form lies by which it is compared.
    public let normalForm: NormalForm?
    /// A number that the schema's owner gives, so that a back end finds column or value without looking up names.
    /// The query language carries it along and doesn't read it.
    public let ordinal: Int

    /// Makes a property.
    public init(
        name: String, type: PropertyType, isNullable: Bool = true, isFilterable: Bool = true,
        currencyProperty: String? = nil, normalForm: NormalForm? = nil, ordinal: Int = 0
    ) {
        self.name = name
        self.type = type
        self.isNullable = isNullable
        self.isFilterable = isFilterable
        self.currencyProperty = currencyProperty
        self.normalForm = normalForm
        self.ordinal = ordinal
    }
}
