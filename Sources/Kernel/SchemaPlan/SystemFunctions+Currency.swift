import Catalog

/// Amounts in several currencies have no sum. Asked once for each group, not for each record.
extension SystemFunctions {
    static let inOneCurrency = SystemFunction(
        signature: "tessera.in_one_currency(numeric, text, text, text)",
        sql: """
            CREATE OR REPLACE FUNCTION tessera.in_one_currency(amount numeric, lowest text, highest text, property text) RETURNS numeric
            LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
            BEGIN
                IF lowest COLLATE "C" IS DISTINCT FROM highest COLLATE "C" THEN
                    RAISE EXCEPTION USING ERRCODE = '\(DatabaseSignal.severalCurrencies)', MESSAGE = format(
                        'Amounts in several currencies (%s and %s) can''t become one: group by %s, or filter by it.', lowest, highest, property);
                END IF;
                RETURN amount;
            END
            $$
            """
    )
}
