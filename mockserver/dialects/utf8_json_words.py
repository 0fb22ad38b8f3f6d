"""What .NET's Utf8JsonReader says of a text that is no JSON (System.Text.Json, `Strings.resx`).

`{}` is the byte that came instead of what was wanted.
"""

LONGEST = 1 << 14
"""How much of the text is shown in place of a literal, in bytes."""

NO_VALUE = "'{}' is an invalid start of a value."
NO_NAME = "'{}' is an invalid start of a property name. Expected a '\"'."
NO_COLON = "'{}' is invalid after a property name. Expected a ':'."
NO_COMMA = "'{}' is invalid after a value. Expected either ',', '}}', or ']'."
NO_END = "'{}' is invalid after a single JSON value. Expected end of data."
NO_OPENING = "'{}' is invalid without a matching open."
NO_CONTROL = "'{}' is invalid within a JSON string. The string should be correctly escaped."
NO_ESCAPE = (
    "'{}' is an invalid escapable character within a JSON string. The string should be "
    "correctly escaped."
)
NO_HEX_DIGIT = (
    "'{}' is not a hex digit following '\\u' within a JSON string. The string should be "
    "correctly escaped."
)
NO_DIGIT = (
    "'{}' is invalid within a number, immediately after a sign character ('+' or '-'). "
    "Expected a digit ('0'-'9')."
)
NO_FRACTION = (
    "'{}' is invalid within a number, immediately after a decimal point ('.'). "
    "Expected a digit ('0'-'9')."
)
LEADING_ZERO = "Invalid leading zero before '{}'."
NO_DELIMITER = "'{}' is an invalid end of a number. Expected a delimiter."
NO_EXPONENT = "'{}' is an invalid end of a number. Expected 'E' or 'e'."

BLANK = (
    "The input does not contain any JSON tokens. Expected the input to start with a valid "
    "JSON token, when isFinalBlock is true."
)
OPEN = (
    "Expected depth to be zero at the end of the JSON payload. There is an open JSON object or "
    "array that should be closed."
)
NOTHING_NEXT = "Expected start of a property name or value, but instead reached end of data."
NOTHING_NAMED = "Expected a value, but instead reached end of data."
NO_QUOTE = "Expected end of string, but instead reached end of data."
NO_MORE_DIGITS = "Expected a digit ('0'-'9'), but instead reached end of data."

COMMA = (
    "The JSON {} contains a trailing comma at the end which is not supported in this mode. "
    "Change the reader options."
)
TOO_DEEP = "The maximum configured depth of {} has been exceeded. Cannot read next JSON {}."
NO_LITERAL = "'{}' is an invalid JSON literal. Expected the literal '{}'."
"""The rest of the text comes first."""
