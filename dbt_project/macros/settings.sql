{# A setting's name without case, punctuation and doubled spaces. Abbreviations are matching's business. #}
{% macro plain_name(name) -%}
    nullif(trim(regexp_replace(lower({{ name }}), '[^\p{L}\p{N}]+', ' ', 'g')), '')
{%- endmacro %}


{% macro plain_postcode(postcode) -%}
    nullif(regexp_replace(upper({{ postcode }}), '[^A-Z0-9]+', '', 'g'), '')
{%- endmacro %}


{# A URN is a number: leading zeros and blanks are a matter of typing. #}
{% macro plain_urn(urn) -%}
    nullif(ltrim(regexp_replace(upper({{ urn }}), '[^A-Z0-9]+', '', 'g'), '0'), '')
{%- endmacro %}
